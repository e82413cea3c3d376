"""What bash, zsh and fish load to complete the words of `sticli`, and how bash tells them.

`sticli _complete` prints a line a candidate: the word, a tab, a few words about it. A line without
a word stands for the names of files.
"""

import re
import shlex

BASH = r"""# bash completion of sticli, as `sticli completion bash` prints it
_sticli() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == $'\t'* ]]; then
            compopt -o default
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done < <("$1" _complete bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _sticli sticli
"""
ZSH = r"""#compdef sticli
# zsh completion of sticli, as `sticli completion zsh` prints it
_sticli() {
    local line about files
    local -a before found
    (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
    for line in "${(@f)$($words[1] _complete zsh -- "${(@)before}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
            ($'\t'*) files=1 ;;
            (?*)
                about=${line#*$'\t'}
                found+=("${${line%%$'\t'*}//:/\\:}${about:+:$about}")
                ;;
        esac
    done
    (( $#found )) && _describe -V sticli found
    if [[ -n $files ]]; then
        compset -P 1 '--*='
        _files
    fi
}
if [[ ${funcstack[1]} == _sticli ]]; then _sticli "$@"; else compdef _sticli sticli; fi
"""
FISH = r"""# fish completion of sticli, as `sticli completion fish` prints it
function __sticli_complete
    set -l words (commandline -opc)
    set -l token (string replace -r '^["\']' '' -- (commandline -ct))
    for line in ($words[1] _complete fish -- $words[2..-1] "$token" 2>/dev/null)
        if string match -q \t'*' -- $line
            set -l option (string match -r -- '^--[^=]+=' "$token")
            for path in (__fish_complete_path (string replace -- "$option" '' "$token"))
                echo "$option$path"
            end
        else
            echo $line
        end
    end
end
complete -c sticli -f -a '(__sticli_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


_acts = re.compile(r"[^\w@%+=:,./-]")  # letters that bash acts on, or may


def harmless(word: str, quote: str) -> str:
    """A word as bash may put it into a line, where such a quote is open; empty: better not.

    Names of files come from anywhere, and bash takes what it is told as if it had been typed.
    """
    if quote:
        return "" if _acts.search(word.replace(" ", "")) else word
    return _acts.sub(r"\\\g<0>", word)


def typed(line: str, breaks: str) -> tuple[list[str], int, str]:
    """The words of a line up to the cursor, how many letters of the last bash keeps, open quote.

    Outside quotes bash takes only what stands behind the last = or : for the word, where these are
    among its `breaks`.
    """
    for end in ("", "\\", '"', "'"):
        try:
            words = shlex.split(line + end)
        except ValueError:  # a quote that is still open, but another one
            continue
        if not end and line[-1:].isspace() and not line.endswith("\\ "):
            words.append("")
        kept = max((1 + words[-1].rfind(one) for one in "=:" if one in breaks), default=0)
        return words, 0 if end else kept, end if end != "\\" else ""
    return [""], 0, ""
