import KubeClient

extension ClusterSession {
    /// Shows a saved place of the shown context, its kind once the cluster has told its kinds.
    func show(_ place: SavedPlace) {
        // The place says which kind and filter, not what the context was left with.
        (wantedPlace, placeContext, hasRestoredKind) = (place, place.context, true)
        app.scope = place.scope
        app.namespaces.point(to: place.scope.single)
        wantedNamespace = place.scope.single
        showWantedPlace()
    }

    /// Shows the place that is waited for, if its kind is known. Somebody who has gone somewhere already stays there.
    func showWantedPlace() {
        guard let place = wantedPlace, place.context == app.context.name else { return }
        guard app.kind.isPods || app.kind.id == place.kind else {
            wantedPlace = nil
            return
        }
        guard let kind = place.kind == ServedKind.pods.id ? .pods : app.kinds.first(where: { $0.id == place.kind }) else {
            guard cluster != nil, app.kinds.count > 1 else { return }
            wantedPlace = nil
            return app.toast("\(place.kind) are not served here any more", .warning)
        }
        wantedPlace = nil
        if app.kind.id != kind.id { app.kind = kind }
        place.apply(to: app.list)
        app.focus = place.focus
        app.isZoomed = place.isZoomed
        guard let uid = place.uid else { return }
        guard kind.isPods else {
            awaitedUID = uid
            return
        }
        awaitedPod = { $0.uid == uid }
        goToAwaitedPod()
    }
}
