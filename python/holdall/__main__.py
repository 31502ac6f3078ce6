"""`python -m holdall`: the command line."""

from holdall.cli import main

if __name__ == "__main__":
    main()
