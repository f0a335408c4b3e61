#!/usr/bin/env node
import 'reflect-metadata';
import { onOutputFailure } from '../terminal';
import { createProgram } from './program';
import { reportingFailure } from './command';

onOutputFailure((error) => void reportingFailure(() => Promise.reject(error)));
void reportingFailure(async () => void (await createProgram().parseAsync()));
