#pragma once

#include "corpuscle/core/id.hpp"

/// Typed row numbers of the tables of an event.
namespace corpuscle::event {

struct Tracks;
struct Clusters;
struct CaloHits;
struct TrackerHits;
struct Particles;
struct GenParticles;

using TrackId = core::Id<Tracks>;
using ClusterId = core::Id<Clusters>;
using CaloHitId = core::Id<CaloHits>;
using TrackerHitId = core::Id<TrackerHits>;
using ParticleId = core::Id<Particles>;
using GenParticleId = core::Id<GenParticles>;

}  // namespace corpuscle::event
