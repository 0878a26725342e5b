"""`python -m qingting` is the same program as `qingting`."""

from qingting.cli import main

if __name__ == "__main__":
    main()
