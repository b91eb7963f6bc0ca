"""The page's own tab: a blurred photo goes in, a sharper one comes out."""
