// ContainerImages
