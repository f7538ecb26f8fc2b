// KubeSchemas
