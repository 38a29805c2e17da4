"""placeholder until scales are merged"""


class Resolution:
    def __init__(self, *a, **k):
        pass
