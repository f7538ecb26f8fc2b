// LinuxKernel
