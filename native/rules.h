// The optimizers' side that is plain: what a rule keeps, and the few numbers per lane that each step needs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels.h"

namespace fallline {

class Rule {
 public:
  using Options = std::map<std::string, std::vector<double>>;  // by the catalogue's name: one number per lane
  using Flags = std::map<std::string, bool>;                   // likewise: amsgrad, nesterov, ...; false if left out

  // Lanes are all of a block's, those without a run too: as many as LANES of the numbers that it trains in.
  Rule(const std::string& optimizer, const Options& options, const Flags& flags, int lanes);

  // How many numbers per parameter it keeps.
  int memories() const;
  // What memory `which` holds before the first step, at that step's learning rate.
  double start(int which, int lane, double rate) const;
  // How many constants the kernel reads for a step.
  int constants() const;
  // The constants [constant][lane] of the next step, which it counts, at these learning rates [lane]; where they are to
  // be is where those of the step before are.
  template <class T> void prepare(const double* rates, T* constants);
  // Sets which rule and which of its flags the kernel is to follow, all but pointers and count.
  template <class T> Update<T> update() const;

  // What it carries from step to step: the steps so far, and running products and the like [number][lane].
  long steps = 0;
  std::vector<std::vector<double>> carried;

  struct Kind;  // what is the same for all rules of an optimizer

 private:
  const Kind* kind_;
  int lanes_;
  bool amsgrad_, decoupled_, nesterov_, momentum_, centered_;
  std::vector<std::vector<double>> options_;  // in the kind's order
  bool prepared_ = false;
};

}  // namespace fallline
