"""E4S Studio: swap faces by editing them (arXiv 2211.14068, 2310.15081)."""

__version__ = "0.1.0"
