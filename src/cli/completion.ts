import { Argument, type Command, type Option } from 'commander';
import { printLine } from '../terminal';
import { COMMAND_NAME } from './command';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

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

/** A command, and what may follow it. */
interface Place {
  /** The words that lead to it, each after a space; empty for the program itself. */
  path: string;
  /** Commands below it, or the values of its first argument. If there are none, shells offer files. */
  words: { name: string; description: string }[];
  options: readonly Option[];
}

/** The script is made of the program's own commands. It runs nothing, so that completing takes no time. */
export function writeCompletion(shell: Shell, program: Command): string {
  const places = placesOf(program, '');
  const name = program.name();
  if (shell === 'fish') return fish(name, places);
  return shell === 'bash' ? bash(name, places) : zsh(name, places);
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const words =
    below.length > 0
      ? below.map((command) => ({ name: command.name(), description: command.description() }))
      : (command.registeredArguments[0]?.argChoices ?? []).map((name) => ({ name, description: '' }));
  const own = { path, words, options: help.visibleOptions(command) };
  return [own, ...command.commands.flatMap((command) => placesOf(command, `${path} ${command.name()}`))];
}

function bash(name: string, places: Place[]): string {
  return `_${functionName(name)}() {
  local part words=() n=-1 colon='' word last place='' values='' list='' i
  # bash splits words at colons.
  for part in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ $n -ge 0 && ($part == : || -n $colon) ]]; then words[n]+="$part"; else n=$((n + 1)); words[n]="$part"; fi
    [[ $part == : ]] && colon=1 || colon=''
  done
  word="\${words[n]}" last="\${words[n-1]}"
  for ((i = 1; i < n; i++)); do
    case "$place \${words[i]}" in
      ${pathsOf(places).join(' | ')}) place="$place \${words[i]}" ;;
    esac
  done
${findValues(places)}
  if [[ -n $list && $word == *,* ]]; then list="\${word%,*},"; else list=''; fi
  COMPREPLY=($(compgen -P "$list" -W "$values" -- "\${word#"$list"}"))
  [[ $word == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*:}"}"}")
  return 0
}
complete -o default -F _${functionName(name)} ${name}`;
}

function zsh(name: string, places: Place[]): string {
  return `#compdef ${name}
_${functionName(name)}() {
  local word="\${words[CURRENT]}" last="\${words[CURRENT-1]}" place='' values='' list='' i
  for ((i = 2; i < CURRENT; i++)); do
    case "$place \${words[i]}" in
      (${pathsOf(places).join(' | ')}) place="$place \${words[i]}" ;;
    esac
  done
${findValues(places)}
  [[ -n $list ]] && compset -P '*,'
  if [[ -n $values ]]; then compadd -- \${=values}; else _files; fi
}
compdef _${functionName(name)} ${name}`;
}

/** Sets \`values\`, and \`list\` where commas may join several, in what bash and zsh have in common. */
function findValues(places: Place[]): string {
  const withValue = places.flatMap(({ path, options }) =>
    options
      .filter((option) => option.required || option.optional)
      .map((option) => {
        const list = isList(option) ? ' list=1' : '';
        return `    ('${path} ${option.long}') values='${option.argChoices?.join(' ') ?? ''}'${list} ;;`;
      }),
  );
  const ofPlaces = places.map(({ path, words, options }) => {
    const names = [words.map(({ name }) => name), options.map(({ long }) => long)].map((names) => names.join(' '));
    return `      ('${path}') case "$word" in (-*) values='${names[1]}' ;; (*) values='${names[0]}' ;; esac ;;`;
  });
  return [
    '  case "$place $last" in',
    ...withValue,
    '    (*) case "$place" in',
    ...ofPlaces,
    '    esac ;;',
    '  esac',
  ].join('\n');
}

function fish(name: string, places: Place[]): string {
  const place = `__${functionName(name)}_place`;
  return [
    `function ${place}
  set -l place ''
  for word in (commandline -opc)[2..]
    switch "$place $word"
      case ${pathsOf(places).join(' ')}
        set place "$place $word"
    end
  end
  echo "$place"
end`,
    ...places.flatMap(({ path, words, options }) => {
      const here = `complete -c ${name} -n 'test "$(${place})" = "${path}"'`;
      return [
        ...words.map(({ name, description }) => `${here} -f -a ${name} -d ${quote(description)}`),
        ...options.map(
          (option) => `${here} -l ${option.long?.slice(2)}${fishValue(option)} -d ${quote(option.description)}`,
        ),
      ];
    }),
  ].join('\n');
}

function fishValue(option: Option): string {
  const { required, optional, argChoices } = option;
  if (argChoices && isList(option)) return ` -x -a "(__fish_append , ${argChoices.join(' ')})"`;
  if (argChoices) return ` -x -a '${argChoices.join(' ')}'`;
  return required || optional ? ' -r' : '';
}

/** Whether an option takes several of its values, joined by commas. */
function isList({ flags }: Option): boolean {
  return flags.endsWith('<list>');
}

/** The paths of all commands but the program itself. */
function pathsOf(places: Place[]): string[] {
  return places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
}

function functionName(name: string): string {
  return name.replaceAll('-', '_');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
