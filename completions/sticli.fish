# fish completion of sticli, as `sticli completion fish` prints it
function __sticli_complete
    set -l words (commandline -opc) (commandline -ct)
    sticli _complete -- $words[2..] 2>/dev/null
end
complete -c sticli -f -a '(__sticli_complete)'
