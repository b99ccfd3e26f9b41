"""Sizes learned together with the weights (DNArch): masks, their price, and the architectures extracted from them."""
