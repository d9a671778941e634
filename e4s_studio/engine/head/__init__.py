"""The shape of a head in space: the model of heads, drawing it, and fitting it to a photograph.

Others use `model.head_model`, `fit.fit_head` and `raster.draw`.
"""
