print("kdash")
