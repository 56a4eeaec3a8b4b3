"""``erasepro completion bash|zsh|fish``: a script that completes the command's words; it asks ``completion words …`` for them.

Hydra's own completion needs a program under ``@hydra.main`` and composes the config at every key: this one reads file names and
source, and answers in a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Sequence

from erasepro.errors import UserError, unknown

BASH = r"""_erasepro() {
  local line="${COMP_LINE:0:COMP_POINT}" words current prefix reply
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="${words[${#words[@]}-1]}"
  mapfile -t reply < <("${words[0]}" completion words "${words[@]:1}" 2>/dev/null)
  prefix="${current%"${current##*[=:]}"}"
  COMPREPLY=("${reply[@]#"$prefix"}")
  [[ ${#reply[@]} -eq 1 && "${reply[0]}" == *[=.] ]] && compopt -o nospace
}
complete -o bashdefault -o default -F _erasepro erasepro
"""
ZSH = r"""#compdef erasepro
_erasepro() {
  local -a reply
  reply=("${(@f)$(${words[1]} completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${reply[1]}" ]]; then compadd -S '' -- "${reply[@]}"; else _files; fi
}
if [[ "${funcstack[1]}" == _erasepro ]]; then _erasepro "$@"; else compdef _erasepro erasepro; fi
"""
FISH = r"""function __erasepro_words
  set -l before (commandline -opc)
  $before[1] completion words $before[2..-1] (commandline -ct) 2>/dev/null
end
complete -c erasepro -a '(__erasepro_words)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def command(words: Sequence[str]) -> int:
    """Print a shell's script; or, for the script, the words that the last word can become, one a line.

    Raises UserError for another shell.
    """
    if words[:1] == ["words"]:
        from erasepro.cli.candidates import candidates

        print("".join(f"{word}\n" for word in candidates(words[1:])), end="")
        return 0
    if len(words) != 1:
        raise UserError("completion takes one shell: erasepro completion bash|zsh|fish.")
    if words[0] not in SCRIPTS:
        raise unknown("shell", words[0], SCRIPTS)
    print(SCRIPTS[words[0]], end="")
    return 0
