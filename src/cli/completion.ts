import { Argument, type Command } from 'commander';
import { printLine } from '../terminal';
import { COMMAND_NAME } from './help';
import { SHELLS, type Shell, writeCompletion } from './completion-scripts';

const DETAILS = `
For this session, and in a start-up file of the shell for all:
  bash  source <(${COMMAND_NAME} completion bash)
  zsh   source <(${COMMAND_NAME} completion zsh)    after compinit
  fish  ${COMMAND_NAME} completion fish | source`;

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .addHelpText('after', DETAILS)
    .action((shell: Shell) => writeCompletion(shell, program).split('\n').forEach(printLine));
}
