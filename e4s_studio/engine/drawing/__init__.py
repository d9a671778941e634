"""Drawing swaps of a fitted pair with the generator.

Others use `renderer.Renderer` with `fitted.encode_pair`, `export_layers` for exports,
`models.load_network`, and the choices in `devices`. All of them import torch.
"""
