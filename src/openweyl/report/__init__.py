"""Pages for people: the report of a sweep, and movies of both evolutions."""

from .movie import movie as movie
from .page import page as page
from .page import write as write
