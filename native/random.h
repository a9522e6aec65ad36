// What a seed fixes beside the initial parameters: the order of the batches, as torch draws it, and the dropout masks.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace fallline {

// The Mersenne Twister of Matsumoto and Nishimura (1998), MT19937, as torch's CPU generator runs it.
class Twister {
 public:
  static constexpr int WORDS = 624;

  explicit Twister(std::uint32_t seed) {
    words_[0] = seed;
    for (int i = 1; i < WORDS; i++) words_[i] = 1812433253u * (words_[i - 1] ^ (words_[i - 1] >> 30)) + std::uint32_t(i);
  }

  std::uint32_t next() {
    if (used_ == WORDS) renew();
    std::uint32_t word = words_[used_++];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680u;
    word ^= (word << 15) & 0xefc60000u;
    return word ^ (word >> 18);
  }

  std::vector<std::uint32_t> state() const {
    std::vector<std::uint32_t> all(words_.begin(), words_.end());
    all.push_back(std::uint32_t(used_));
    return all;
  }
  void restore(const std::uint32_t* all) {
    for (int i = 0; i < WORDS; i++) words_[i] = all[i];
    used_ = int(all[WORDS] > WORDS ? WORDS : all[WORDS]);
  }

 private:
  void renew() {
    for (int i = 0; i < WORDS - 397; i++) renew(i, i + 1, i + 397);
    for (int i = WORDS - 397; i < WORDS - 1; i++) renew(i, i + 1, i + 397 - WORDS);
    renew(WORDS - 1, 0, 396);
    used_ = 0;
  }
  void renew(int i, int next, int far) {
    const std::uint32_t mixed = (words_[i] & 0x80000000u) | (words_[next] & 0x7fffffffu);
    words_[i] = words_[far] ^ (mixed >> 1) ^ (0x9908b0dfu & -(mixed & 1));
  }

  std::array<std::uint32_t, WORDS> words_;
  int used_ = WORDS;
};

// The rows in the order of each epoch: the e-th torch.randperm of a generator of this seed.
class Order {
 public:
  Order(std::uint32_t seed, std::int32_t rows) : twister_(seed), before_(seed), rows_(rows) {}

  const std::int32_t* rows() const { return rows_.data(); }
  void next_epoch() {
    before_ = twister_;
    const auto count = std::uint32_t(rows_.size());
    std::iota(rows_.begin(), rows_.end(), 0);
    for (std::uint32_t i = 0; i + 1 < count; i++) std::swap(rows_[i], rows_[i + twister_.next() % (count - i)]);
  }

  // The generator's state: within an epoch that before the epoch was drawn, as `restore` draws it again.
  std::vector<std::uint32_t> state(bool within_epoch) const { return (within_epoch ? before_ : twister_).state(); }
  void restore(const std::uint32_t* state, bool within_epoch) {
    twister_.restore(state);
    before_ = twister_;
    if (within_epoch) next_epoch();
  }

 private:
  Twister twister_, before_;
  std::vector<std::int32_t> rows_;
};

// Philox4x32-10 of Salmon et al. (2011): four random words for a counter and a key.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; round++) {
    const std::uint64_t first = 0xd2511f53ull * counter[0], second = 0xcd9e8d57ull * counter[2];
    counter = {std::uint32_t(second >> 32) ^ counter[1] ^ key[0], std::uint32_t(second),
               std::uint32_t(first >> 32) ^ counter[3] ^ key[1], std::uint32_t(first)};
    key[0] += 0x9e3779b9u;
    key[1] += 0xbb67ae85u;
  }
  return counter;
}

}  // namespace fallline
