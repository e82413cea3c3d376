# bash completion of sticli, as `sticli completion bash` prints it
_sticli() {
    local IFS=$'\n'
    COMPREPLY=($(sticli _complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sticli sticli
