"""The files a labeling job reads: are they what the service will take?"""
