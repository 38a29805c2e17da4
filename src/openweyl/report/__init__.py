"""Pages to be read: the report of a sweep, and movies of both evolutions."""

from .folder import save as save
from .movie import MOST_FRAMES as MOST_FRAMES
from .movie import checked_movie_path as checked_movie_path
from .movie import movie as movie
from .page import page as page
from .page import write as write
