import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { session } from './session/session.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no element for the application');
void session.start();
mount(App, { target });
