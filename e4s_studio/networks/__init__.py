"""The RGI network. torch only: imports nothing else of this project."""
