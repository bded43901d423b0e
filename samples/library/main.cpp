// SPDX-License-Identifier: Apache-2.0
// Runs a chain over one picture:  example CHAIN PICTURE OUTPUT
#include <deckle/batch/picture.h>
#include <deckle/chain/chain_file.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

static std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto chain = deckle::read_chain(contents(argv[1]));
  if (const auto* mistakes = std::get_if<deckle::Mistakes>(&chain)) {
    for (const auto& mistake : *mistakes)
      std::cerr << argv[1] << ":" << mistake.position.line << ": " << mistake.message << "\n";
    return 2;
  }
  const std::string picture = contents(argv[2]);
  const auto made = deckle::run_on_picture(std::get<deckle::Chain>(chain),
                                           deckle::as_bytes(picture), {.path = argv[2]});
  if (!made || !made->skip.empty()) {
    std::cerr << argv[2] << ": " << (made ? made->skip : made.error().message) << "\n";
    return 1;
  }
  std::ofstream output(argv[3], std::ios::binary);
  output.write(reinterpret_cast<const char*>(made->file.data()),
               static_cast<std::streamsize>(made->file.size()));
  return output.flush() ? 0 : 3;
}
