#ifndef CORPUSCLE_RUNTIME_CORPUSCLE_H
#define CORPUSCLE_RUNTIME_CORPUSCLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Native inference for C99, and for whatever calls C: a trained network as a function from what a detector
/// saw to particles. The C++ behind it is runtime/reconstructor.hpp, a whole program is in examples/runtime.
///
/// Units are GeV, mm, ns, rad, tesla and e. z is along the beam, azimuths are in [-pi, pi).
///
/// Structs may grow in a later version, where zero stands for what is done today: set all of them to zero at
/// first, `corpuscle_event event = {0};`, and compile with the header of the library that is linked.
///
/// Nothing is printed, no environment variable is read, no thread is started, and no exception gets out.

/// What functions return: the exit codes of the programs (docs/guide/exit-codes.md).
enum {
  corpuscle_success = 0,
  /// an internal error: please report it
  corpuscle_bug = 1,
  /// the call is wrong, its message says how; the model is for features that this version does not know
  corpuscle_usage = 2,
  /// the model file is damaged; a table refers to rows that are not there; an event is rejected
  corpuscle_data = 3,
  /// the file cannot be opened, there is no memory
  corpuscle_environment = 4,
};

/// What the features need of a detector, under the names of the files in detectors/. Calorimeters are
/// polygonal barrels between flat endcaps. All numbers are above 0, but that `ecal_normal_phi` is any angle
/// and the field may point either way.
typedef struct corpuscle_detector {
  double field;              ///< B_z inside the coil [T], not 0
  double ecal_barrel_r_min;  ///< inscribed radius of the inner face [mm]
  double ecal_barrel_r_max;  ///< [mm]
  double ecal_endcap_z_min;  ///< front face, |z| [mm]
  double ecal_endcap_r_min;  ///< beam hole [mm]
  double ecal_normal_phi;    ///< azimuth of the normal of one face of the barrel [rad]
  int32_t ecal_sides;        ///< faces of the barrel, at least 3
  double ecal_layer_pitch;   ///< [mm]
  double ecal_cell_size;     ///< [mm]
  double hcal_layer_pitch;   ///< [mm]
  double hcal_cell_size;     ///< [mm]
} corpuscle_detector;

/// In which numbers matrix products are taken.
enum {
  corpuscle_fp32 = 0,
  corpuscle_bf16 = 1,  ///< 8 bits of mantissa; twice as fast where the CPU has instructions for it
};

/// What becomes of elements with a number that is not finite, or with a quantity out of the range of its
/// feature (docs/guide/runtime.md). Other events never notice.
enum {
  corpuscle_flag = 0,    ///< kept, with 0 for what cannot be computed and the end of the range for the rest
  corpuscle_drop = 1,    ///< left out, as if it had not been measured
  corpuscle_reject = 2,  ///< the event is an error, corpuscle_data, whose message names element and value
};

typedef struct corpuscle_options {
  int32_t precision;  ///< corpuscle_fp32 or corpuscle_bf16
  int32_t bad_input;  ///< corpuscle_flag, corpuscle_drop or corpuscle_reject
} corpuscle_options;

/// Helix parameters of all tracks of an event at one kind of point, in the convention of LCIO and EDM4hep:
/// relative to the reference point (x, y, z), with phi the azimuth of the momentum at the point of closest
/// approach in the transverse plane. Columns of n numbers, n that of the table.
typedef struct corpuscle_track_states {
  const float* omega;       ///< signed curvature [1/mm]; NULL: no track has such a state, nothing else counts
  const float* phi;         ///< of the momentum [rad]; needed
  const float* tan_lambda;  ///< pz / pT; needed
  const float* d0;          ///< signed transverse impact parameter [mm]; needed
  const float* z0;          ///< longitudinal impact parameter [mm]; needed
  const float *x, *y, *z;   ///< reference point [mm]; all three, or NULL: the origin
  const float* covariance;  ///< [n][15]: lower triangle, by rows, of (d0, phi, omega, z0, tan_lambda), in
                            ///< these units; NULL: not known
  const uint8_t* is_present;  ///< 0: this track has no such state; NULL: all have
} corpuscle_track_states;

/// Reconstructed tracks. A track without a state at the interaction point is left out.
typedef struct corpuscle_tracks {
  size_t n;
  corpuscle_track_states at_ip;           ///< at the point of closest approach to the beam line; needed
  corpuscle_track_states at_first_hit;    ///< and the other three where there are any
  corpuscle_track_states at_last_hit;     ///< where the way into the calorimeter starts, else at_ip
  corpuscle_track_states at_calorimeter;  ///< for tracks that miss it so
  const float* chi2;                      ///< of the fit; NULL, as all below: not known
  const int32_t* ndf;                     ///< degrees of freedom of the fit
  const float* innermost_hit_radius;      ///< in the transverse plane [mm]; 0: not known
  const float *dedx, *dedx_error;         ///< specific energy loss [GeV/mm]; 0: not known
  const float* time;                      ///< at the interaction point [ns]
} corpuscle_tracks;

/// Clusters in the calorimeters. Give their hits, or else the three energies at the end.
typedef struct corpuscle_clusters {
  size_t n;
  const float* energy;          ///< as whoever made the cluster calibrated it [GeV]; needed
  const float *x, *y, *z;       ///< centroid, weighted by energy [mm]; needed
  const float *theta, *phi;     ///< direction of the shower's axis [rad]; needed
  const uint32_t* hit_offsets;  ///< [n + 1]: those of cluster i are
                                ///< hits[hit_offsets[i]] to hits[hit_offsets[i + 1] - 1]
  const uint32_t* hits;         ///< rows of the event's calo_hits; NULL: none
  const float *energy_ecal, *energy_hcal, *energy_other;  ///< sums over hits, uncalibrated [GeV]; NULL: 0
} corpuscle_clusters;

/// What kind of calorimeter a hit was seen in, and which part of it.
enum {
  corpuscle_ecal = 0,
  corpuscle_hcal = 1,
  corpuscle_muon = 2,
  corpuscle_forward = 3,
  corpuscle_elsewhere = 4
};
enum { corpuscle_barrel = 0, corpuscle_endcap = 1, corpuscle_other_region = 2 };

/// Calibrated calorimeter hits: of the clusters, or by themselves for a network on hits.
typedef struct corpuscle_calo_hits {
  size_t n;
  const float* energy;         ///< [GeV]; needed
  const float *x, *y, *z;      ///< centre of the cell [mm]; needed
  const uint8_t* subdetector;  ///< corpuscle_ecal, ...; needed
  const float* time;           ///< [ns]; NULL: 0
  const int16_t* layer;        ///< counted outwards from 0, -1: not known; NULL: not known
  const uint8_t* region;       ///< corpuscle_barrel, ...; NULL: corpuscle_other_region
} corpuscle_calo_hits;

/// Hits in the tracker, for networks that look at them.
typedef struct corpuscle_tracker_hits {
  size_t n;
  const double *x, *y, *z;      ///< [mm]; needed
  const float* energy_deposit;  ///< [GeV]; NULL, as time: 0
  const float* time;            ///< [ns]
} corpuscle_tracker_hits;

/// What a detector saw of one event. What the network does not look at may be left out; an event with nothing
/// in it has no particles. Values may be anything, also no number (docs/guide/runtime.md).
typedef struct corpuscle_event {
  corpuscle_tracks tracks;
  corpuscle_clusters clusters;
  corpuscle_calo_hits calo_hits;
  corpuscle_tracker_hits tracker_hits;
} corpuscle_event;

/// Reconstructed particles by falling energy, in columns of n numbers.
typedef struct corpuscle_particles {
  size_t n;
  const int32_t* pdg;                  ///< 211, 130, 22, 11 or 13, with the sign of the charge
  const float* charge;                 ///< [e]
  const float *energy, *px, *py, *pz;  ///< at (x, y, z) [GeV]
  const float* mass;                   ///< [GeV]
  const float *x, *y, *z;              ///< where its track was nearest to the beam; else 0 [mm]
  const int32_t* track;                ///< row of the track that it was made of; -1: of none
  const int32_t* cluster;              ///< row of the cluster; -1: of none
  size_t n_flaws;                      ///< elements of the event that were flagged or dropped
  size_t n_unanswered;                 ///< elements for which the network has no finite numbers: no particle
} corpuscle_particles;

/// A network for a detector. Immutable: any number of threads may reconstruct with one, at the same time.
typedef struct corpuscle_model corpuscle_model;

/// "0.1.0": of the library that is linked.
const char* corpuscle_version(void);

/// Reads a model file, checks it against its checksums, and replays the events that it brings along.
///
/// @param path      file made by `corpuscle train`, or of models/; it may go away afterwards
/// @param detector  from which the events are
/// @param options   NULL: all zero
/// @param model     out: the caller's, to be given to corpuscle_close; NULL after an error
/// @param message   out: on error, what is wrong, where, and the way out, cut to `size` bytes with the zero
///                  at its end; else empty. NULL if nobody wants to know
/// @return          corpuscle_success, or one of the others above
int corpuscle_load(const char* path, const corpuscle_detector* detector, const corpuscle_options* options,
                   corpuscle_model** model, char* message, size_t size);

/// Reconstructs one event, in the thread that asks.
///
/// The same event has the same particles, to the bit, on one kind of CPU, whatever other threads do.
///
/// @param event      is copied from; nothing of it is kept
/// @param particles  in: NULL, or what an earlier call gave and no other thread is using: its scratch memory is
///                   used again. Out: the caller's, to be given to corpuscle_free; it does not need the model.
///                   After an error it is what it was, without particles
/// @param message    as of corpuscle_load
int corpuscle_reconstruct(const corpuscle_model* model, const corpuscle_event* event,
                          corpuscle_particles** particles, char* message, size_t size);

/// Frees what corpuscle_reconstruct gave; NULL does nothing.
void corpuscle_free(corpuscle_particles* particles);

/// Frees a model that no thread is using any more; NULL does nothing.
void corpuscle_close(corpuscle_model* model);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif
