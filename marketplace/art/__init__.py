"""Pictures of the town's own: drawn by rule from a seed, without anybody else's images.

scene("naming", 3)                          the picture of a right        1200 x 900
token_art("card", 3, serial=27, total=100)  the picture of one token
webp(svg, 960), png(svg, 480)               pixels
"""

from marketplace.art.raster import png, webp
from marketplace.art.scenes import BY_KIND, MOTIFS, motif_of, scene, token_art

__all__ = ["BY_KIND", "MOTIFS", "motif_of", "png", "scene", "token_art", "webp"]
