"""Content credentials: signing a picture, and reading what a picture says of itself.

Other packages import the modules: `facts` is light, the others load C2PA's library.
"""
