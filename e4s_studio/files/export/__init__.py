"""Finished pictures, layered files and label maps, at the photograph's own resolution.

Other packages use `exporting.export` with `ExportJob`, `kinds`, and `layers.ExportLayers`. They
import the modules: those that write files load large libraries.
"""
