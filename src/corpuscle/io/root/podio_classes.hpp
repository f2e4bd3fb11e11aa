#pragma once

// The classes that EDM4hep 1.x files hold, with the names, members and versions podio gives them, so that
// ROOT writes the same branches and checksums. Data only; the behaviour of the real classes is not needed
// to write a file. The shape of each is read off a file written by podio 1.7 (EDM4hep 1.0, schema 6).

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace edm4hep {

struct Vector2f {
  float a = 0;
  float b = 0;
};
struct Vector3f {
  float x = 0;
  float y = 0;
  float z = 0;
};
struct Vector3d {
  double x = 0;
  double y = 0;
  double z = 0;
};
struct CovMatrix3f {
  std::array<float, 6> values{};
};
struct CovMatrix4f {
  std::array<float, 10> values{};
};
struct CovMatrix6f {
  std::array<float, 21> values{};
};
struct Quantity {
  std::int32_t type = 0;
  float value = 0;
  float error = 0;
};
struct TrackState {
  std::int32_t location = 0;
  float D0 = 0;
  float phi = 0;
  float omega = 0;
  float Z0 = 0;
  float tanLambda = 0;
  float time = 0;
  Vector3f referencePoint;
  CovMatrix6f covMatrix;
};
struct CaloHitContributionData {
  std::int32_t PDG = 0;
  float energy = 0;
  float time = 0;
  Vector3f stepPosition;
  float stepLength = 0;
};
struct CalorimeterHitData {
  std::uint64_t cellID = 0;
  float energy = 0;
  float energyError = 0;
  float time = 0;
  Vector3f position;
  std::int32_t type = 0;
};
struct ClusterData {
  std::int32_t type = 0;
  float energy = 0;
  float energyError = 0;
  Vector3f position;
  CovMatrix3f positionError;
  float iTheta = 0;
  float iPhi = 0;
  Vector3f directionError;
  std::uint32_t shapeParameters_begin = 0;
  std::uint32_t shapeParameters_end = 0;
  std::uint32_t subdetectorEnergies_begin = 0;
  std::uint32_t subdetectorEnergies_end = 0;
  std::uint32_t clusters_begin = 0;
  std::uint32_t clusters_end = 0;
  std::uint32_t hits_begin = 0;
  std::uint32_t hits_end = 0;
};
struct EventHeaderData {
  std::uint64_t eventNumber = 0;
  std::uint32_t runNumber = 0;
  std::uint64_t timeStamp = 0;
  double weight = 0;
  std::uint32_t weights_begin = 0;
  std::uint32_t weights_end = 0;
};
struct GeneratorEventParametersData {
  double sqrts = 0;
  std::array<double, 2> beamsPz{};
  std::array<std::int32_t, 2> partonIds{};
  std::array<float, 2> beamPolarizations{};
  std::uint32_t crossSections_begin = 0;
  std::uint32_t crossSections_end = 0;
  std::uint32_t crossSectionErrors_begin = 0;
  std::uint32_t crossSectionErrors_end = 0;
  std::uint32_t weights_begin = 0;
  std::uint32_t weights_end = 0;
  std::uint32_t signalVertexParticles_begin = 0;
  std::uint32_t signalVertexParticles_end = 0;
};
struct MCParticleData {
  std::int32_t PDG = 0;
  std::int32_t generatorStatus = 0;
  std::int32_t simulatorStatus = 0;
  float charge = 0;
  float time = 0;
  double mass = 0;
  Vector3d vertex;
  Vector3d endpoint;
  Vector3d momentum;
  Vector3d momentumAtEndpoint;
  std::int32_t helicity = 0;
  std::uint32_t parents_begin = 0;
  std::uint32_t parents_end = 0;
  std::uint32_t daughters_begin = 0;
  std::uint32_t daughters_end = 0;
};
struct ParticleIDData {
  std::int32_t type = 0;
  std::int32_t PDG = 0;
  std::int32_t algorithmType = 0;
  float likelihood = 0;
  std::uint32_t parameters_begin = 0;
  std::uint32_t parameters_end = 0;
};
struct RawCalorimeterHitData {
  std::uint64_t cellID = 0;
  std::int32_t amplitude = 0;
  std::int32_t timeStamp = 0;
};
struct RawTimeSeriesData {
  std::uint64_t cellID = 0;
  std::int32_t quality = 0;
  float time = 0;
  float charge = 0;
  float interval = 0;
  std::uint32_t adcCounts_begin = 0;
  std::uint32_t adcCounts_end = 0;
};
struct RecDqdxData {
  Quantity dQdx;
};
struct ReconstructedParticleData {
  std::int32_t PDG = 0;
  float energy = 0;
  Vector3f momentum;
  Vector3f referencePoint;
  float charge = 0;
  float mass = 0;
  float goodnessOfPID = 0;
  CovMatrix4f covMatrix;
  std::uint32_t clusters_begin = 0;
  std::uint32_t clusters_end = 0;
  std::uint32_t tracks_begin = 0;
  std::uint32_t tracks_end = 0;
  std::uint32_t particles_begin = 0;
  std::uint32_t particles_end = 0;
};
struct SenseWireHitData {
  std::uint64_t cellID = 0;
  std::int32_t type = 0;
  std::int32_t quality = 0;
  float time = 0;
  float eDep = 0;
  float eDepError = 0;
  float wireStereoAngle = 0;
  float wireAzimuthalAngle = 0;
  Vector3d position;
  double positionAlongWireError = 0;
  float distanceToWire = 0;
  float distanceToWireError = 0;
  std::uint32_t nElectrons_begin = 0;
  std::uint32_t nElectrons_end = 0;
};
struct SimCalorimeterHitData {
  std::uint64_t cellID = 0;
  float energy = 0;
  Vector3f position;
  std::uint32_t contributions_begin = 0;
  std::uint32_t contributions_end = 0;
};
struct SimTrackerHitData {
  std::uint64_t cellID = 0;
  float eDep = 0;
  float time = 0;
  float pathLength = 0;
  std::int32_t quality = 0;
  Vector3d position;
  Vector3f momentum;
};
struct TimeSeriesData {
  std::uint64_t cellID = 0;
  float time = 0;
  float interval = 0;
  std::uint32_t amplitude_begin = 0;
  std::uint32_t amplitude_end = 0;
};
struct TrackData {
  std::int32_t type = 0;
  float chi2 = 0;
  std::int32_t ndf = 0;
  std::int32_t Nholes = 0;
  std::uint32_t subdetectorHitNumbers_begin = 0;
  std::uint32_t subdetectorHitNumbers_end = 0;
  std::uint32_t subdetectorHoleNumbers_begin = 0;
  std::uint32_t subdetectorHoleNumbers_end = 0;
  std::uint32_t trackStates_begin = 0;
  std::uint32_t trackStates_end = 0;
  std::uint32_t trackerHits_begin = 0;
  std::uint32_t trackerHits_end = 0;
  std::uint32_t tracks_begin = 0;
  std::uint32_t tracks_end = 0;
};
struct TrackerHit3DData {
  std::uint64_t cellID = 0;
  std::int32_t type = 0;
  std::int32_t quality = 0;
  float time = 0;
  float eDep = 0;
  float eDepError = 0;
  Vector3d position;
  CovMatrix3f covMatrix;
};
struct TrackerHitPlaneData {
  std::uint64_t cellID = 0;
  std::int32_t type = 0;
  std::int32_t quality = 0;
  float time = 0;
  float eDep = 0;
  float eDepError = 0;
  Vector2f u;
  Vector2f v;
  float du = 0;
  float dv = 0;
  Vector3d position;
  CovMatrix3f covMatrix;
};
struct VertexData {
  std::uint32_t type = 0;
  float chi2 = 0;
  std::int32_t ndf = 0;
  Vector3f position;
  CovMatrix3f covMatrix;
  std::int32_t algorithmType = 0;
  std::uint32_t parameters_begin = 0;
  std::uint32_t parameters_end = 0;
  std::uint32_t particles_begin = 0;
  std::uint32_t particles_end = 0;
};

}  // namespace edm4hep

namespace podio {

struct ObjectID {
  std::int32_t index = 0;
  std::uint32_t collectionID = 0;
};
struct LinkData {
  float weight = 0;
};

/// How podio up to 0.16 kept parameters and names.
struct GenericParameters {
  std::map<std::string, std::vector<int>> _intMap;
  std::map<std::string, std::vector<float>> _floatMap;
  std::map<std::string, std::vector<std::string>> _stringMap;
  std::map<std::string, std::vector<double>> _doubleMap;
};
struct CollectionIDTable {
  std::vector<std::uint32_t> m_collectionIDs;
  std::vector<std::string> m_names;
};

namespace version {
struct Version {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  std::uint16_t patch = 0;
};
}  // namespace version

namespace root_utils {
struct CollectionWriteInfo {
  std::uint32_t collectionID = 0;
  std::string dataType;
  bool isSubset = false;
  unsigned int schemaVersion = 0;
  std::string name;
  std::string storageType;
};
}  // namespace root_utils

}  // namespace podio
