"""From the drawn face to the finished picture: detail, light, film, seam."""
