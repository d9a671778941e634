"""The words of the field and the document. numpy only: no torch, no Qt."""
