"""`python -m balsa_data.cli` is `balsa`."""

from balsa_data.cli import main

main()
