"""What the words of a command line may become, for bash, zsh and fish."""
