"""From the drawn face to the finished picture: detail, light, film, seam.

Others use `compose` with its `PreparedPair` and `Composite`, `paste.into_photograph`, and
`overview.Overview` for the screen.
"""
