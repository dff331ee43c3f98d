"""Is this request well formed?"""
