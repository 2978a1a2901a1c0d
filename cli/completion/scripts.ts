/**
 * What a shell loads to complete `smartedge`: it hands the words before the cursor to `smartedge complete`, as arguments
 * and never as code, and offers the lines that come back: a value, a tab, what it is; or `:files`, `:folders`. Pure.
 */

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export const scriptFor = (shell: Shell): string => scripts[shell]

/** Also for bash 3.2, which macOS has: without compopt, negative indices and the package bash-completion. */
const bash = `# bash completion for smartedge; load it with: source <(smartedge completions bash)

_smartedge() {
  # bash cuts words at : and = too; put together again is what the line has no space between.
  local rest=\${COMP_LINE:0:COMP_POINT} index lead part
  local words=()
  for ((index = 0; index <= COMP_CWORD; index++)); do
    lead=\${rest%%[![:space:]]*}
    rest=\${rest#"$lead"}
    part=\${COMP_WORDS[index]}
    [ "$index" -eq "$COMP_CWORD" ] && part=$rest
    rest=\${rest#"$part"}
    if [ "$index" -gt 0 ] && [ -z "$lead" ]; then
      words[\${#words[@]}-1]+=$part
    else
      words+=("$part")
    fi
  done
  local current=\${words[\${#words[@]}-1]}
  # What bash itself takes for the word: behind the last : or = that it cuts at.
  local kept=\${current##*[$COMP_WORDBREAKS]}
  local cut=\${current%"$kept"} value files=
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    case $value in
      :files) files=-f ;;
      :folders) files=-d ;;
      *) COMPREPLY+=("$(printf %q "\${value#"$cut"}")") ;;
    esac
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  [ -n "$files" ] || return 0
  type compopt >/dev/null 2>&1 && compopt -o filenames
  while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen "$files" -- "$kept")
}

complete -o nosort -F _smartedge smartedge 2>/dev/null || complete -F _smartedge smartedge
`

const zsh = `#compdef smartedge
# zsh completion for smartedge: in a folder of $fpath as _smartedge, or load it with: source <(smartedge completions zsh)

_smartedge() {
  local line files
  local -a values
  for line in "\${(@f)$("\${(Q)words[1]}" complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
      :files) files=1 ;;
      :folders) files=2 ;;
      ?*) values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( \${#values} )) && _describe -V smartedge values
  case $files in
    1) _files ;;
    2) _files -/ ;;
  esac
}

if [ "$funcstack[1]" = _smartedge ]; then
  _smartedge "$@"
else
  compdef _smartedge smartedge
fi
`

const fish = `# fish completion for smartedge: ~/.config/fish/completions/smartedge.fish, or: smartedge completions fish | source

function __smartedge_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l current (commandline -ct)
  for line in ($program complete -- $words $current 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path $current
      case :folders
        __fish_complete_directories $current ''
      case '*'
        echo $line
    end
  end
end

complete -c smartedge -f -k -a '(__smartedge_complete)'
`

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
