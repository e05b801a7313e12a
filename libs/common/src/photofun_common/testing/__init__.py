"""What do the tests of all services share?"""
