internal import Glibc

/// log2, kept apart so that the formula's file needs no C library.
func logarithm2(_ value: Double) -> Double { log2(value) }

/// 10 to the power of `value`.
func power10(_ value: Double) -> Double { pow(10, value) }
