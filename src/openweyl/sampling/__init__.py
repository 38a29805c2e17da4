"""Many degrees of freedom: mixtures of Gaussian states, sampled, with a certificate in trace norm."""
