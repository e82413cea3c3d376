# fish completion of sticli, as `sticli completion fish` prints it
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
