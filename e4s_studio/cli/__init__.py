"""The `e4s-studio` command, one file per subcommand."""
