// The completion scripts of the shells. Each calls `accelctl __complete`, so no script contains a list of commands.
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

// The answer has one word in a line, with its description after a tab; the last line is a directive in Cobra's format, for kubectl.
export const scripts: Record<Shell, string> = {
  bash: `# bash completion of accelctl
_accelctl() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    # Quoted, because bash puts a single candidate on the command line as it is.
    [[ $line == :* ]] || COMPREPLY+=("$(printf %q "\${line%%$'\\t'*}")")
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _accelctl accelctl`,
  zsh: `#compdef accelctl
_accelctl() {
  local line
  local -a found
  while IFS= read -r line; do
    # _describe quotes what it inserts; a backslash and a colon have a meaning in its list.
    [[ $line == :* ]] || found+=("\${\${\${line//\\\\/\\\\\\\\}//:/\\\\:}/$'\\t'/:}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe accelctl found
}
compdef _accelctl accelctl`,
  fish: `# fish completion of accelctl
function __accelctl_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c accelctl -f -a '(__accelctl_complete)'`,
};
