"""`python -m timebank`: the commands for operators."""

from timebank.commands import main

if __name__ == "__main__":
    main()
