"""Sizes learned together with the weights (DNArch): masks, their price, and the architectures extracted from them."""

# The key of a trial's notes under which they say why masks do not learn some of its decisions, by their names.
NOT_LEARNED = "not learned"
