"""A search for a cluster to begin from: digits that lie at any angle."""

from search import Search, digits
from spaces import images

search = Search(images(channels=1, size=(16, 16), classes=10), digits(rotated=True), trials=40, epochs=20)
