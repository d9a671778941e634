"""Start E4S Studio from a checkout: the same program as the `e4s-studio` command."""

from e4s_studio.cli.app import main

if __name__ == "__main__":
    main()
