import Testing
@testable import LinuxKernel
