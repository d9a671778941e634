"""Finding faces, and aligning crops to them.

Others use `find.find_faces`, `align` and `portraits` to cut crops out and put them back, and
`recrop` to move a crop. They import the modules: `align` and `recrop` load no torch.
"""
