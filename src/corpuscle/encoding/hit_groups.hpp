#pragma once

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::encoding {

/// Of hits that are in groups [GeV]; what else there is cannot be the measurement of a cell.
inline constexpr double min_grouped_energy = 1e-7, max_grouped_energy = 1e3;

/// Calorimeter hits in small groups, each around a place where energy is densest, as if they were clusters:
/// what a network on hits sees in place of ten thousand elements. A shower is several groups; which of them
/// belong together is for the network to say.
///
/// In the manner of CLUE (Rovere et al., Front. Big Data 3 (2020) 591315), in three dimensions: the density
/// of a hit is its energy and half of that within 1.5 cells, and each hit follows the nearest denser one
/// within 3 cells, or 12 if its density is below 0.08 GeV; where there is none, a group begins. A cell is as
/// large as the cells or the layers of its calorimeter, whichever are larger; a group never crosses
/// subdetectors. The 8,400 hits of a ttbar event at CLICdet become 460 groups.
///
/// Groups come by falling energy, the sum of their hits [GeV], in all columns as clusters do; directions are
/// those of the centroids. Every hit with finite numbers and an energy in that range is in one group. The
/// order of hits changes nothing but the ids inside. Linear in the hits where their density does not grow;
/// about 0.7 us per hit.
event::Clusters group_hits(event::CaloHits const& hits, detector::Detector const& detector);

}  // namespace corpuscle::encoding
