"""Fitting the network to a pair of portraits.

Others use `fit.Fitter` with `fit.plan_for`, and `fitted_file` to keep a fit. Training shares
`fit.pyramid_loss` and `examples.pixel_weights`.
"""
